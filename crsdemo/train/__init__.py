"""The stages that make weights. Nothing imports them but the command line."""
