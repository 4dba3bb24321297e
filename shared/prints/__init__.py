"""Fingerprints of pictures and videos: of what the crawler sees, and of what an agency lists, by the same code.

Needs numpy, pdqhash, imagehash and Pillow (`videos`: PyAV too), which only the images of crawler and classifier have.
"""
