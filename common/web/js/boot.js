/* Runs before the first paint, so that a chosen theme does not flash; no module, because those wait. */
(function () {
  var chosen = localStorage.getItem('chat.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;

  // A module that does not load, because the server is away just now, would leave an empty page.
  addEventListener('error', function (event) {
    if (event.target.tagName !== 'SCRIPT') return;
    document.querySelector('.hint').textContent = 'The page could not be loaded in full. Trying again…';
    setTimeout(function () { location.reload(); }, 2000);
  }, true);
})();
