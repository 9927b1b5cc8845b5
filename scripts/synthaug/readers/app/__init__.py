"""The reader study's web application: readers judge the images of a blinded pack in a browser.

It reads a pack and nothing else: which image is real, the key knows, which lies elsewhere and is never read here.
"""
