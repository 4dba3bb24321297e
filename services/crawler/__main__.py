from services.crawler.app import app
from services.crawler.settings import Settings
from shared.service import main

main(app, Settings)
