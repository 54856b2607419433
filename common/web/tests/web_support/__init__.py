"""What the browser tests and the screenshots share: people, Chromium, the page as it is used."""
