import gc

from services.crawler.app import app
from services.crawler.settings import Settings
from shared.service import main

# A page makes some thousand objects that die with it. Collecting after each 700 of them, and looking through all that
# was imported each time, took a tenth of the crawler's time; so it takes a hundredth.
YOUNG, MIDDLE, OLD = 20_000, 20, 20

if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    main(app, Settings)
