"use strict";
// The search, the switch of releases, tabs, and the colours. Every page works without them.
(() => {
  const page = document.documentElement;
  const root = page.dataset.root;
  const $ = (selector) => document.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const element = (name, properties = {}, ...children) => {
    const created = Object.assign(document.createElement(name), properties);
    created.append(...children);
    return created;
  };
  // Browsers may refuse to store anything for pages from a disk.
  const stored = (key) => { try { return localStorage.getItem(key) } catch { return null } };
  const store = (key, value) => { try { localStorage.setItem(key, value) } catch {} };
  const releases = $("#release").dataset.releases.split(" ");
  const say = (text) => { $("#status").textContent = text };

  // Releases

  const numbers = (release) => release.split(".").map(Number);
  const compare = (a, b) => {
    const [x, y] = [numbers(a), numbers(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  };
  let chosen = "";

  // Whether the chosen release has what these runs have: `20.1.0..20.3.0`, or `22.4.0` to the end of the branch.
  function has(runs) {
    if (!chosen || !runs) return true;
    return runs.split(" ").some((run) => {
      const [first, last] = run.split("..");
      const sameBranch = numbers(first)[0] === numbers(chosen)[0];
      return sameBranch && compare(first, chosen) <= 0 && (!last || compare(chosen, last) <= 0);
    });
  }

  function choose(release) {
    chosen = releases.includes(release) ? release : "";
    $("#release").value = chosen;
    for (const item of all("[data-runs]")) {
      const isAbsence = item.classList.contains("absence");
      item.hidden = has(item.dataset.runs) === !isAbsence ? false : true;
      if (isAbsence) item.querySelector(".chosen").textContent = chosen;
    }
    for (const heading of all("nav details")) {
      const shown = all("li", heading).filter((item) => !item.hidden).length;
      heading.querySelector(".count").textContent = shown;
      heading.hidden = shown === 0;
    }
    for (const section of all(".home section")) section.hidden = !section.querySelector("li:not([hidden])");
  }

  function offerReleases() {
    const select = $("#release");
    let group;
    for (const release of [...releases].reverse()) {
      const branch = release.split(".")[0];
      if (group?.label !== `Asterisk ${branch}`) select.append((group = element("optgroup", { label: `Asterisk ${branch}` })));
      group.append(element("option", { value: release, textContent: release }));
    }
    select.addEventListener("change", () => {
      choose(select.value);
      store("release", chosen);
      const url = new URL(location);
      if (chosen) url.searchParams.set("release", chosen);
      else url.searchParams.delete("release");
      history.replaceState(null, "", url);
      say(chosen ? `Showing Asterisk ${chosen}` : "Showing all releases");
    });
    choose(new URLSearchParams(location.search).get("release") ?? stored("release") ?? "");
  }

  // Search

  const field = $("#search");
  const list = $("#results");
  let active = -1;

  // The index is loaded once, when the page has been, or for the first search. Pages from a disk may load nothing but
  // scripts.
  let loading;
  const items = () => (loading ??= new Promise((loaded, failed) => {
    const script = element("script", { src: `${root}search.js`, onerror: failed });
    script.onload = () => loaded(window.ATLAS);
    document.head.append(script);
  }));

  // Names that begin with the words come first, then names that contain them, then texts; members last.
  function rank([kind, name, , text], words) {
    const [lower, about] = [name.toLowerCase(), text.toLowerCase()];
    let score = kind === "parameter" || kind === "property" ? 40 : 0;
    for (const word of words) {
      const at = lower.indexOf(word);
      if (at < 0 && !about.includes(word)) return -1;
      score += at < 0 ? 100 : at === 0 || lower[at - 1] === "." ? 0 : 10;
    }
    return score + name.length / 100;
  }

  function find(known, words) {
    if (!words.length) return [];
    const ranked = known.map((item) => [rank(item, words), item]).filter(([score]) => score >= 0);
    return ranked.sort((a, b) => a[0] - b[0]).slice(0, 30).map(([, item]) => item);
  }

  function marked(name, words) {
    const lower = name.toLowerCase();
    const word = words.find((word) => lower.includes(word));
    if (!word) return [name];
    const at = lower.indexOf(word);
    const mark = element("mark", { textContent: name.slice(at, at + word.length) });
    return [name.slice(0, at), mark, name.slice(at + word.length)];
  }

  async function show() {
    const known = await items();
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = find(known, words);
    list.replaceChildren(...found.map(([kind, name, target, text, runs], index) => {
      const isThere = has(runs);
      const option = element("li", { id: `result-${index}`, className: isThere ? "" : "missing" });
      option.setAttribute("role", "option");
      option.dataset.target = target;
      const about = isThere ? text : `Not in ${chosen}. ${text}`;
      option.append(
        element("span", { className: `kind ${kind.toLowerCase()}`, textContent: kind }),
        element("span", { className: "name" }, ...marked(name, words)),
        element("span", { className: "text", textContent: about }),
      );
      return option;
    }));
    if (words.length && !found.length) {
      const none = element("li", { className: "none", textContent: "Nothing found" });
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      list.append(none);
    }
    list.hidden = !words.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    activate(found.length ? 0 : -1);
    if (words.length) say(found.length === 1 ? "1 result" : `${found.length} results`);
  }

  function activate(index) {
    const options = all("[data-target]", list);
    active = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  const open = (option) => { if (option?.dataset.target) location.href = root + option.dataset.target };

  function startSearch() {
    addEventListener("load", items);
    field.addEventListener("input", show);
    field.addEventListener("focus", () => field.value && show());
    field.addEventListener("blur", close);
    field.addEventListener("keydown", (event) => {
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps) { event.preventDefault(); activate(active + steps[event.key]) }
      else if (event.key === "Enter") open(all("[data-target]", list)[active]);
      else if (event.key === "Escape") { field.value = ""; close() }
    });
    // Before the field loses the focus, which closes the list.
    list.addEventListener("pointerdown", (event) => { event.preventDefault(); open(event.target.closest("li")) });
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.matches("input, select, textarea");
      if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) { event.preventDefault(); field.focus() }
    });
  }

  // Tabs of examples, of which the choice is remembered

  function makeTabs(group) {
    const panels = all(".tab", group);
    const tabs = panels.map((panel, index) => {
      const tab = element("button", { type: "button", id: `tab-${index}`, textContent: panel.dataset.title });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", `panel-${index}`);
      panel.id = `panel-${index}`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      panel.querySelector("h3").hidden = true;
      addCopy(panel);
      return tab;
    });
    const select = (chosenTab) => tabs.forEach((tab, index) => {
      const isChosen = tab === chosenTab;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panels[index].hidden = !isChosen;
    });
    const bar = element("div", { className: "bar" }, ...tabs);
    bar.setAttribute("role", "tablist");
    bar.setAttribute("aria-label", "Language");
    bar.addEventListener("click", (event) => {
      if (!tabs.includes(event.target)) return;
      select(event.target);
      store("language", event.target.textContent);
    });
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
      next.focus();
      next.click();
    });
    group.prepend(bar);
    select(tabs.find((tab) => tab.textContent === stored("language")) ?? tabs[0]);
  }

  function addCopy(panel) {
    const button = element("button", { type: "button", className: "copy", textContent: "Copy" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(panel.querySelector("code").textContent);
        say("Copied");
        button.textContent = "Copied";
      } catch {
        say("The browser does not allow copying");
      }
      setTimeout(() => { button.textContent = "Copy" }, 1500);
    });
    panel.append(button);
  }

  // Comparison

  function startComparison() {
    const chooser = $("#chooser");
    chooser?.addEventListener("submit", (event) => {
      event.preventDefault();
      const [from, to] = [$("#from").value, $("#to").value];
      if (from === to) say("Choose two different releases");
      else location.href = `${from}...${to}.html`;
    });
    $("#levels")?.addEventListener("change", () => {
      const shown = all("#levels input:checked").map((box) => box.value);
      for (const change of all("[data-level]")) change.hidden = !shown.includes(change.dataset.level);
      for (const group of all(".changes")) group.hidden = !group.querySelector("[data-level]:not([hidden])");
    });
  }

  // Menu and colours

  function startMenu() {
    const button = $("#menu");
    const toggle = (isOpen) => {
      page.classList.toggle("menu-open", isOpen);
      button.setAttribute("aria-expanded", String(isOpen));
    };
    button.addEventListener("click", () => toggle(!page.classList.contains("menu-open")));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && page.classList.contains("menu-open")) { toggle(false); button.focus() }
    });
    $('nav [aria-current="page"]')?.scrollIntoView({ block: "center" });
  }

  function startTheme() {
    $("#theme").addEventListener("click", () => {
      const isDark = page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      page.dataset.theme = isDark ? "light" : "dark";
      store("theme", page.dataset.theme);
    });
  }

  startMenu();
  startTheme();
  startSearch();
  startComparison();
  all(".tabs").forEach(makeTabs);
  offerReleases();
  // What has been hidden since the page was laid out has moved the place that the address names.
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView({ behavior: "instant" });
})();
