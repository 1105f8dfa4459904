"""`python -m descope_projects` is the command line program."""

from descope_projects._cli import main

if __name__ == "__main__":
    main()
