"""What every plugin of this project needs to speak to Dynatrace over HTTP.

This package is one folder of the repository, linked into each plugin's package, so that the
logic stands once and each plugin still builds and installs alone: wheels and source
distributions hold a copy of these files, not the link.
"""

from __future__ import annotations
