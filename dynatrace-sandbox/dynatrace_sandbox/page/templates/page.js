"use strict";
(() => {
  const account = document.getElementById("account");
  const exact = document.getElementById("exact");
  if (!account || !exact) return;
  document.getElementById("show").hidden = true;

  const show = () => {
    for (const view of document.querySelectorAll("[data-view]")) {
      view.hidden = view.dataset.view !== account.value;
    }
    document.body.classList.toggle("all-digits", exact.checked);
  };
  account.addEventListener("change", () => {
    show();
    // A page opened from a file has no address to keep the choice in.
    if (location.protocol.startsWith("http")) {
      const query = account.value ? "?" + new URLSearchParams({ account: account.value }) : "";
      history.replaceState(null, "", location.pathname + query);
    }
  });
  exact.addEventListener("change", show);
  show();

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();
