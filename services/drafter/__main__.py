from services.drafter.app import app
from services.drafter.settings import Settings
from shared.service import main

main(app, Settings)
