"""The photos of the sample reports, drawn by hand in code: `python -m streetmend.demo.pictures FOLDER` draws them anew."""
