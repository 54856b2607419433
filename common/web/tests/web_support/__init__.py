"""What the browser tests and the screenshots share: people, Chromium, and the page as people see it."""
