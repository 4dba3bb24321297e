from services.evidence.app import app
from services.evidence.settings import Settings
from shared.service import main

main(app, Settings)
