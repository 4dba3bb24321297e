"""The channel of report APIs, put together from the settings."""

from services.notifier.channels.api.channel import Api
from services.notifier.channels.api.credentials import read_credentials
from services.notifier.channels.api.files import read_connectors
from services.notifier.settings import Settings
from shared.clock import Clock
from shared.database import Database
from shared.net.calling import Caller


def api(settings: Settings, clock: Clock) -> Api:
    """Raises `ValueError` naming the file and the cure."""
    return Api(
        connectors=read_connectors(settings.connectors_dir),
        credentials=read_credentials(settings.connector_credentials_file),
        caller=Caller(settings),
        database=Database(settings.database_url.get_secret_value(), "/haetae/notifier", clock),
    )
