"""When the agreement of two hashes suffices by itself, and what confirms it where it does not."""

# Differing bits of PDQ. Of 240,000 pairs of a changed photograph with an unrelated one one is within 58
# (`benchmarks hashing`), and each five bits less leave a tenth. But a bank of 10,000 pictures that meets a million a
# day has ten thousand million pairs a day: up to 50 bits about one false match of a day, up to 60 a hundred.
ALONE = 50
# Differing bits of pHash, of 64, of the part that agreed. Between 45 and 60 bits of PDQ 91 to 97 % of the true matches
# are within it, and of the nearest unrelated ones 3 %.
SECOND = 12
