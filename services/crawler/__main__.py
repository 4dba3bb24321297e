import gc

from shared.service import start

# A page makes some thousand objects that die with it. Collecting after each 700 of them took a tenth of the crawler's
# time; so it takes a hundredth.
YOUNG, MIDDLE, OLD = 20_000, 20, 20

if __name__ == "__main__":
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    start("services.crawler")
