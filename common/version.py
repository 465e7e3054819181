"""The version of every package of this project: the one place it is written.

Each package links to this file; its build reads the number from here, so that wheels and source
distributions carry it and no two packages can differ.
"""

__version__ = "0.1.0"
