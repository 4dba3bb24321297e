"""Documents of ours as PDF, in the script of whoever reads them: typst, the fonts that lie here, text made harmless."""
