from services.gateway.app import app
from services.gateway.settings import Settings
from shared.service import main

main(app, Settings)
