"""Reports of results: sentences, pictures, pages."""
