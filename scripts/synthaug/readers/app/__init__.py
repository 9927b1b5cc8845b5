"""The reader study's web application: readers judge the images of a blinded pack in a browser.

It reads the pack and nothing else. Only the key says which images are real; it lies elsewhere and is never read here.
"""
