from services.notifier.app import app
from services.notifier.settings import Settings
from shared.service import main

main(app, Settings)
