"""Pages: a population to look at in a browser: networks as points, their table, each one's own pictures, the claims."""
