// Before anything is painted: the theme that this browser chose here, so that no page flashes in the other one.
(() => {
  try {
    const chosen = localStorage.getItem('theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  } catch {
    // A browser that keeps nothing follows its system.
  }
})();
