/* Runs before the first paint, so that a chosen theme does not flash. Not a module: those wait. */
(function () {
  var chosen = localStorage.getItem('chat.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
})();
