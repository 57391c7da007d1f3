"""Our Scrapyd: the real one, given this project, a password, and the manners it lacks.

As it comes, Scrapyd asks nobody for a password, takes any setting with a job (one of them writes files), runs one job
twice where it is asked twice, and leaves its crawls behind when it ends. :mod:`configuration` writes what it is told,
:mod:`services` is what it answers to, :mod:`launcher` how it ends, :mod:`leash` how a crawl begins.
"""
