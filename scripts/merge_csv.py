"""Merge the CSV files of a run into DuckDB tables; the second half of the job dps-to-duckdb.

    python merge_csv.py FOLDER DATABASE

A row replaces the one with the same key, so that a second run changes nothing and a restated day
is updated. Merged files are deleted. Why not a loader for DuckDB: the public one makes amounts
binary floats, and with DuckDB 1.1 and later takes the first row of each batch for a header.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

TABLES = Path(__file__).resolve().parent.parent / "sql" / "duckdb.sql"


def merge(connection: duckdb.DuckDBPyConnection, table: str, files: list[Path]) -> int:
    """Put the rows of the files into a table, the newest of each key; return how many."""
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'dps' AND table_name = ?",
        [table],
    ).fetchall()
    keys = connection.execute(
        "SELECT unnest(constraint_column_names) FROM duckdb_constraints()"
        " WHERE schema_name = 'dps' AND table_name = ? AND constraint_type = 'PRIMARY KEY'",
        [table],
    ).fetchall()
    key = {name for (name,) in keys}
    # A CSV file has no difference between an empty text and none, and a key is never null.
    values = ", ".join(
        f'coalesce("{name}", \'\') AS "{name}"' if name in key else f'"{name}"'
        for (name,) in columns
    )
    partition = ", ".join(f'"{name}"' for name in key)
    rows = connection.execute(
        f"INSERT OR REPLACE INTO dps.{table} BY NAME"  # noqa: S608  (names of our own tables)
        f" SELECT {values} FROM read_csv(?, header = true, all_varchar = true,"
        " union_by_name = true, filename = true, delim = ',', quote = '\"', escape = '\"')"
        f" QUALIFY row_number() OVER (PARTITION BY {partition} ORDER BY filename DESC) = 1",
        [[str(file) for file in files]],
    ).fetchall()
    return int(rows[0][0])


def main(folder: Path, database: Path) -> None:
    """Merge every file of the folder."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(TABLES.read_text(encoding="utf-8"))
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'dps' ORDER BY ALL"
        ).fetchall()
        for (table,) in tables:
            files = sorted(folder.glob(f"{table}.*.csv"))
            if not files:
                continue
            count = merge(connection, table, files)
            print(f"{database.name}: {count} rows into dps.{table}", file=sys.stderr)
            for file in files:
                file.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004  (the program and its two arguments)
        sys.exit("Usage: merge_csv.py FOLDER DATABASE")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
