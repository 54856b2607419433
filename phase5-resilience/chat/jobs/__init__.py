"""Work that takes longer than a request: exporting what an account holds, and deleting it."""
