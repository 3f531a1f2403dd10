// Small conveniences. Every page works without this file.
"use strict";
(() => {
  // Forms marked `data-live` apply a choice at once instead of waiting for the
  // button: the answer is fetched and the marked region of the page replaced.
  const region = "results";
  let asked = 0;
  const where = () => location.pathname + location.search;
  let shown = where();

  const load = async (url, push) => {
    const here = document.getElementById(region);
    if (!here) { location.assign(url); return; }
    const turn = ++asked;
    here.classList.add("busy");
    here.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(region);
      if (turn !== asked) return;
      if (!answer.ok || !fresh) { location.assign(url); return; }
      here.replaceWith(fresh);
      document.title = page.title;
      const other = page.getElementById("other-language");
      const mine = document.getElementById("other-language");
      if (other && mine) mine.setAttribute("href", other.getAttribute("href"));
      if (push) history.pushState({ live: true }, "", url);
      shown = where();
    } catch {
      location.assign(url);
    }
  };

  const address = (form) => {
    const url = new URL(form.getAttribute("action") || location.pathname, location.href);
    const fields = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...fields]) if (value === "") fields.delete(name, value);
    url.search = fields.toString();
    return url;
  };

  let typing = 0;
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-live]")) {
      clearTimeout(typing);
      load(address(form), true);
    }
  });
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-live]") && event.target.type === "search") {
      clearTimeout(typing);
      typing = setTimeout(() => load(address(form), true), 300);
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-live]")) {
      event.preventDefault();
      clearTimeout(typing);
      load(address(event.target), true);
    }
  });
  // A step to another place of the same page needs nothing new.
  addEventListener("popstate", (event) => {
    if (event.state && event.state.live && where() !== shown) location.reload();
  });
  history.replaceState({ live: true }, "", location.href);
})();
