from shared.service import start

start("services.gateway")
