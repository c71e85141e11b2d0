/* Plotly: a part of it that draws nearly all plots at once, and all of it when a plot needs more. */
"use strict";

(function () {
  /* Running the whole of Plotly takes a browser more than a second, its basic part a fifth of that.
     Which comes first is up to the server: they have to be of one version. */
  const WHOLE = "/_dash-component-suites/plotly/package_data/plotly.min.js";
  const given = document.querySelector("meta[name=plotly]");
  const FIRST = given?.content || WHOLE;
  const DRAWN_BY_BASIC = new Set((given?.dataset.basic || "").split(" "));

  const load = (address) =>
    new Promise((loaded, failed) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = loaded;
      script.onerror = () => failed(new Error(`${address} was not loaded`));
      document.head.append(script);
    });

  let whole;
  const loadWhole = () => {
    whole ||= load(WHOLE).catch((error) => {
      whole = undefined; /* the next plot tries again */
      throw error;
    });
    return whole;
  };

  const UNDRAWN = {
    data: [],
    layout: {
      title: { text: "The dashboard did not send what draws this plot: load the page again" },
      xaxis: { visible: false },
      yaxis: { visible: false },
    },
  };

  /* Draw by the basic part what it can draw; for the rest load the whole, which puts itself in the
     place of the part. What a plot was asked to draw meanwhile is newer, and stays. */
  const withRest = (basic) => {
    const { react } = basic;
    const requests = new WeakMap();
    basic.react = async (plot, figure) => {
      const request = (requests.get(plot) || 0) + 1;
      requests.set(plot, request);
      const ifLatest = (draw) => () => (requests.get(plot) === request ? draw() : plot);
      const kinds = (figure.data || []).map((trace) => trace.type || "scatter");
      if (kinds.every((kind) => DRAWN_BY_BASIC.has(kind))) return react(plot, figure);
      return loadWhole().then(
        ifLatest(() => window.Plotly.react(plot, figure)),
        ifLatest(() => react(plot, { ...UNDRAWN, config: figure.config })),
      );
    };
  };

  const loadFirst = () =>
    load(FIRST).then(
      () => FIRST === WHOLE || withRest(window.Plotly),
      (error) => {
        window.Plotly = undefined; /* the next graph loads the whole, as Dash does */
        throw error;
      },
    );

  /* Plotly takes longer to load than the page: begin at once where there are plots, else when there
     is nothing else to do. Graphs wait for `window.Plotly` where it is a promise; the script then
     puts itself in its place. */
  const early = () => {
    /* a graph may have begun to load it meanwhile */
    const begun = [...document.scripts].some((script) => script.src.endsWith(WHOLE));
    if (!begun) window.Plotly ||= loadFirst();
  };
  if (window.location.pathname === "/") window.requestIdleCallback?.(early);
  else early();
})();
