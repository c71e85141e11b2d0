/* Client-side callbacks: addresses, light and dark theme, formats of numbers, downloads. */
"use strict";

window.dash_clientside = window.dash_clientside || {};

(function () {
  const same = (a, b) => {
    const sorted = (p) => JSON.stringify([...p.entries()].sort());
    return sorted(a) === sorted(b);
  };

  const text = (value, id) => {
    if (value === null || value === undefined) return "";
    if (!Array.isArray(value)) return String(value);
    if (!id.name.startsWith("limit.")) return value.join("|");
    const ends = endsOf(id);
    return value.map((end, index) => (end === ends[index] ? "" : end)).join("..");
  };

  /* Borders of a slider. An end of a limit that stands there is left out of the address: values
     beyond, of another study or of points to come, are not limited. */
  const endsOf = (id) => id.default.split("..").map(Number);

  /* Whether a control has its default value. Limits are compared as numbers, because Python and
     JavaScript write the same number differently (1e-05, 0.00001). */
  const plain = (value, id) => {
    if (!id.name.startsWith("limit.")) return text(value, id) === id.default;
    const ends = endsOf(id);
    return Array.isArray(value) && value.every((end, index) => end === ends[index]);
  };

  /* Width of a plot where the page is narrow, without the borders and spaces around it in
     `style.css`; 0 where it is wide. Plots of narrow pages are laid out anew by the server. */
  const SMALL = window.matchMedia("(max-width: 760px)");
  const narrowPlot = () => (SMALL.matches ? document.documentElement.clientWidth - 46 : 0);
  let drawnFor = narrowPlot();
  let settling;
  const resized = () => {
    if (narrowPlot() === drawnFor) return;
    drawnFor = narrowPlot();
    window.dash_clientside.set_props("narrow", { data: drawnFor });
  };
  window.addEventListener("resize", () => {
    clearTimeout(settling);
    settling = setTimeout(resized, 300);
  });

  /* Whether the path of an address is that of a page, such as /front; /front/ is too. */
  const isAt = (path, page) => path.replace(/\/+$/, "") === page;

  /* A link with the points of another one, where both are of one study. The front shows them as
     its selection. */
  const withPoints = (link, other) => {
    const [to, from] = [link, other].map((one) => new URL(one, window.location.href));
    const name = isAt(to.pathname, "/front") ? "selection" : "points";
    const points = from.searchParams.get("points");
    const same = from.searchParams.get("study") === to.searchParams.get("study");
    if (points && same) to.searchParams.set(name, points);
    else to.searchParams.delete(name);
    return to.pathname + to.search;
  };

  window.dash_clientside.dse = {
    /* Return the query string of the address for the controls and the selection.
       Only values that differ from their defaults are in it. */
    write_address(values, selection, ids, search, path) {
      const none = window.dash_clientside.no_update;
      const before = new URLSearchParams(search || "");
      const after = new URLSearchParams(search || "");
      ids.forEach((id, index) => {
        const value = text(values[index], id);
        if (plain(values[index], id)) after.delete(id.name);
        else after.set(id.name, value);
      });
      /* At most 100 points, to keep addresses short. */
      if (ids.length && selection && selection.length && selection.length <= 100)
        after.set("selection", selection.join(","));
      else after.delete("selection");
      if (same(before, after)) return [none, none];
      const written = after.toString() ? "?" + after.toString() : "";
      return [written, path + written];
    },

    /* An address that no control of the page has written: a page that is entered. */
    entered(path, search, written) {
      const address = path + (search || "");
      if (written !== null && written === address) return window.dash_clientside.no_update;
      return [address, performance.now()];
    },

    /* Another study: the address keeps nothing but its name, and the page is built anew. */
    choose_study(values, ids, search) {
      const none = window.dash_clientside.no_update;
      if (!values.length || !values[0]) return [none, none];
      const now = new URLSearchParams(search || "").get("study") || ids[0].default;
      if (values[0] === now) return [none, none];
      return ["?" + new URLSearchParams({ study: values[0] }).toString(), ""];
    },

    /* A page that was reached by a link is read out from its start, and the keyboard goes on there. */
    enter_page(path, before) {
      const page = document.getElementById("page");
      if (before && path !== before && page) page.focus({ preventScroll: true });
      return path;
    },

    /* The theme is kept in localStorage; on the first visit it is that of the system. */
    theme(clicks) {
      const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      let theme = localStorage.getItem("dse-theme") || system;
      if (clicks) theme = theme === "dark" ? "light" : "dark";
      if (clicks) localStorage.setItem("dse-theme", theme);
      document.documentElement.dataset.theme = theme;
      document.documentElement.lang = "en";
      return [theme, theme === "dark" ? "Light" : "Dark"];
    },

    narrow: () => (drawnFor = narrowPlot()),

    /* The links of the menu with the points that a button compares. Only the points are taken: the
       button's address may be an older one, of another study. */
    with_points: (button, ...menu) => menu.map((link) => withPoints(link, button)),

    /* The same for a page that has the points in its own address. A front has its button. */
    with_points_of_address(search, path, ...menu) {
      if (isAt(path, "/front")) return menu.map(() => window.dash_clientside.no_update);
      return menu.map((link) => withPoints(link, path + (search || "")));
    },
  };

  document.documentElement.lang = "en";

  /* Say that the server does not answer. Every page asks for news in short intervals, so that a
     lost connection is noticed, and its return too. */
  const answered = (is) => {
    const shown = document.getElementById("disconnected");
    if (is) {
      if (shown) shown.remove();
      return;
    }
    if (shown || !document.body) return;
    const bar = document.createElement("div");
    bar.id = "disconnected";
    bar.setAttribute("role", "alert");
    const since = new Date().toLocaleTimeString();
    bar.textContent =
      `The dashboard has not answered since ${since}: its server was stopped, or the connection ` +
      "is lost. What is shown stays as it was. Start dse dashboard again; the page then goes on.";
    document.body.prepend(bar);
  };
  const asked = window.fetch;
  window.fetch = async (...what) => {
    try {
      const answer = await asked(...what);
      answered(true);
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") answered(false);
      throw error;
    }
  };

  /* Say of what is being worked out anew that it is busy: what stands there is the old answer. Dash
     marks it; the panels of running studies ask every two seconds, and stay as they are. */
  const LOADING = "data-dash-is-loading";
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const busy = target.hasAttribute(LOADING) && target.id !== "running";
      if (busy) target.setAttribute("aria-busy", "true");
      else target.removeAttribute("aria-busy");
    }
  }).observe(document.documentElement, { attributeFilter: [LOADING], subtree: true });

  /* Show the checked items of a folded list in its summary. */
  document.addEventListener("change", (event) => {
    const list = event.target.closest && event.target.closest(".choices");
    if (!list) return;
    const ticked = [...list.querySelectorAll("input:checked")];
    const labels = ticked.map((box) => box.closest(".form-check").textContent);
    list.querySelector("summary").dataset.chosen = labels.join(", ");
  });

  /* Fold the controls where they would stand above the plot. */
  const narrow = window.matchMedia("(max-width: 900px)");
  new MutationObserver((changes) => {
    if (!narrow.matches) return;
    for (const change of changes)
      for (const added of change.addedNodes)
        if (added.querySelectorAll)
          for (const side of added.querySelectorAll("details.side")) side.open = false;
  }).observe(document.documentElement, { childList: true, subtree: true });
  narrow.addEventListener("change", () => {
    for (const side of document.querySelectorAll("details.side")) side.open = !narrow.matches;
  });

  const PX_PER_MM = 96 / 25.4;
  const PX_PER_PT = 96 / 72;

  /* Return a plot as it is shown, or what the server needs to lay it out at the width of a column. */
  const sized = (plot, millimetres, points) => {
    const ground = getComputedStyle(document.documentElement).getPropertyValue("--panel").trim();
    const layout = { ...plot.layout, paper_bgcolor: ground, plot_bgcolor: ground };
    const shown = { data: plot.data, layout, width: plot.clientWidth, height: plot.clientHeight };
    if (!millimetres) return shown;
    return { ...shown, width: millimetres * PX_PER_MM, letters: points * PX_PER_PT };
  };

  const download = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  /* Ask the server for something made of a figure. */
  const made = async (path, figure) => {
    const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(figure, plain);
    const answer = await fetch(path, { method: "POST", headers, body }).catch((error) => {
      throw new Error(`The dashboard does not answer: ${error.message}`);
    });
    if (!answer.ok) throw new Error((await answer.text()).replace(/^dse: /, ""));
    return answer;
  };

  const saveFrom = async (path, figure, name) => download(await (await made(path, figure)).blob(), name);

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  /* Checksum of a chunk of a PNG (W3C, PNG specification, annex D). */
  const checksum = (bytes) => {
    let sum = 0xffffffff;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return (sum ^ 0xffffffff) >>> 0;
  };

  /* Return the parts of a PNG that says its dots per inch, in the chunk pHYs behind the first one. */
  const withDots = (png, dpi) => {
    const [first, dots] = [33, Math.round(dpi / 0.0254)];
    const size = new DataView(new ArrayBuffer(21));
    const bytes = new Uint8Array(size.buffer);
    size.setUint32(0, 9);
    bytes.set(new TextEncoder().encode("pHYs"), 4);
    size.setUint32(8, dots);
    size.setUint32(12, dots);
    size.setUint8(16, 1); /* per metre */
    size.setUint32(17, checksum(bytes.subarray(4, 17)));
    return [png.subarray(0, first), bytes, png.subarray(first)];
  };

  const savePicture = async (plot, kind, name, millimetres, points, dots) => {
    let { data, layout, letters, ...size } = sized(plot, millimetres, points);
    const scale = kind !== "png" ? 1 : millimetres ? dots / 96 : 2;
    if (millimetres) {
      const other = await (await made("/layout.json", { data, layout, letters, ...size })).json();
      data = other.data; /* in the colours of the light theme */
      Object.assign(layout, other.layout, { template: layout.template });
      Object.assign(size, { width: layout.width, height: layout.height });
    }
    const figure = { data, layout, config: {} };
    const drawn = { format: kind, scale, ...size };
    if (kind !== "png") return window.Plotly.downloadImage(figure, { filename: name, ...drawn });
    const png = await window.Plotly.toImage(figure, { imageDataOnly: true, ...drawn });
    download(new Blob(withDots(bytesOf(png), scale * 96), { type: "image/png" }), `${name}.png`);
  };

  /* Say below the buttons of a plot what went wrong; no words remove what was said before. */
  const complain = (tools, words) => {
    const before = tools.parentElement.querySelector(".complaint");
    if (before) before.remove();
    if (!words) return;
    const note = document.createElement("p");
    note.className = "note bad complaint";
    note.setAttribute("role", "alert");
    note.textContent = words;
    tools.after(note);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".save-plot");
    if (!button) return;
    const panel = button.closest(".panel");
    const plot = panel.querySelector(".js-plotly-plot");
    const { kind, name } = button.dataset;
    const chosen = (what) => Number(panel.querySelector(what)?.value || 0);
    const size = [chosen(".plot-size"), chosen(".plot-letters")];
    const saved = () => {
      if (kind === "csv") return saveFrom("/numbers.csv", sized(plot, 0), `${name}.csv`);
      if (kind === "pdf") return saveFrom("/picture.pdf", { ...sized(plot, ...size), name }, `${name}.pdf`);
      return savePicture(plot, kind, name, ...size, chosen(".plot-dots"));
    };
    const text = button.textContent;
    button.disabled = true;
    button.textContent = "saving …"; /* a PDF takes seconds */
    saved()
      .then(() => "", (error) => error.message)
      .then((words) => {
        button.disabled = false;
        button.textContent = text;
        complain(button.closest(".tools"), words);
      });
  });

  document.addEventListener("keydown", (event) => {
    const menu = document.getElementById("menu");
    if (event.key !== "Escape" || menu?.getAttribute("aria-expanded") !== "true") return;
    menu.click();
    menu.focus();
  });

  /* The menu of narrow screens, and the link to what is shown. */
  document.addEventListener("click", (event) => {
    const target = event.target;
    const header = document.querySelector("header");
    if (target.id === "menu" || (target.closest && target.closest("nav a"))) {
      const open = target.id === "menu" && header.classList.toggle("open");
      if (!open) header.classList.remove("open");
      document.getElementById("menu").setAttribute("aria-expanded", String(Boolean(open)));
    }
    if (target.id === "copy-link") {
      navigator.clipboard.writeText(window.location.href).then(
        () => { target.textContent = SMALL.matches ? "Copied" : "Copied, needs token"; },
        () => { window.prompt("Link to this view", window.location.href); }
      );
      setTimeout(() => { target.textContent = "Copy link"; }, 4000);
    }
  });

  /* Format a number: four significant digits, integers and numbers from 10,000 on without decimals,
     thin spaces between thousands. */
  const number = (value) => {
    if (value === null || value === undefined || value === "") return "";
    if (typeof value !== "number") return String(value);
    if (Number.isInteger(value) || Math.abs(value) >= 1e4)
      return Math.round(value).toLocaleString("en-US").replaceAll(",", "\u2009");
    return String(Number(value.toPrecision(4)));
  };
  /* Cell renderer of point numbers: a link to the page of the point. */
  window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};
  window.dashAgGridComponentFunctions.PointLink = (props) => {
    const asked = new URLSearchParams({ point: props.value });
    const study = new URLSearchParams(window.location.search).get("study");
    if (study) asked.set("study", study);
    return window.React.createElement("a", { href: "/point?" + asked.toString() }, props.value);
  };

  /* Texts beside the handles of sliders, in the unit that people read. Dash gives such a function the
     value alone, so that the divisor is in its name: dse_divided.1000000. */
  window.dccFunctions = window.dccFunctions || {};
  const exactly = (value) =>
    Number(value.toPrecision(10)).toLocaleString("en-US", { maximumSignificantDigits: 10 });
  window.dccFunctions.dse_divided = new Proxy({}, {
    get: (_, divisor) => (value) => exactly(value / Number(divisor)),
  });

  window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  window.dashAgGridFunctions.dse_number = number;
  window.dashAgGridFunctions.dse_row_id = (params) => String(params.data.point);
})();
