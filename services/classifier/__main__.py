from services.classifier.app import app
from services.classifier.settings import Settings
from shared.service import main

main(app, Settings)
