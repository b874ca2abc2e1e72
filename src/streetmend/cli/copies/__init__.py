"""A backup of the site: what lies in its folder, how it is taken, checked and brought back."""
