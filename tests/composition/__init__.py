"""Tests of the whole: Meltano, warehouses, definitions and packages."""
