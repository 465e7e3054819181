"""The page at ``/``: what the stored events say, as one self-contained document.

Data flow one way: stored events -> readings -> figures -> charts and tables -> HTML. Everything
after the reading is a pure function.
"""
