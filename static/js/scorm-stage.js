// Runs inside a package's frame, before anything of the package: puts the run-time API where its pages look for
// it, gives it what the person left, and tells the page around the frame what is reported. It decides nothing.
// A classic script, because packages are: it must have run before the next tag of their page.
(() => {
  const { version, platform } = document.currentScript.dataset;
  const name = version === "1.2" ? "API" : "API_1484_11";

  // Some packages keep things in the browser, which a frame without an origin refuses: let them keep it in memory.
  const memory = () => {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, value) => void kept.set(String(key), String(value)),
      removeItem: (key) => void kept.delete(String(key)),
      clear: () => kept.clear(),
      key: (place) => [...kept.keys()][place] ?? null,
      get length() {
        return kept.size;
      },
    };
  };
  for (const store of ["localStorage", "sessionStorage"]) {
    try {
      window[store].length;
    } catch {
      Object.defineProperty(window, store, { value: memory() });
    }
  }
  try {
    document.cookie;
  } catch {
    Object.defineProperty(document, "cookie", { get: () => "", set: () => {} });
  }

  // An inner frame of the same origin finds the API by climbing, as it would anywhere.
  try {
    for (let up = window; up !== up.parent; up = up.parent) if (up.parent[name]) return;
  } catch {
    // The next one up is of another origin: this frame needs an API of its own.
  }

  let kept = {};
  try {
    kept = JSON.parse(window.name);
  } catch {
    // No name, or one of the package's own making: it begins with nothing.
  }
  const { part = "", data = {}, running = false } = kept;
  let isFinal = false;

  // Empty lists come as objects, and what was never set as an empty text: neither says anything.
  const snapshot = () =>
    Object.fromEntries(
      Object.entries(api.getFlattenedCMI())
        .filter(([, value]) => typeof value !== "object" && value !== undefined && value !== "")
        .map(([element, value]) => [element, String(value)]),
    );
  // The name of a window outlives its pages: the next page of a package goes on where this one was.
  const remember = (isRunning) => {
    window.name = JSON.stringify({ part, data: snapshot(), running: isRunning });
  };
  const tell = (final) => {
    remember(!final);
    window.top.postMessage({ anxue: "package", part, cmi: snapshot(), final }, platform);
  };

  const Api = version === "1.2" ? window.Scorm12API : window.Scorm2004API;
  const api = new Api({
    autocommit: true,
    autocommitSeconds: 10,
    dataCommitFormat: "flattened",
    lmsCommitUrl: "message:",
    logLevel: 5,
    selfReportSessionTime: true,
    // A commit is a message; whether it was kept, the page around the frame finds out and says.
    httpService: {
      updateSettings() {},
      processHttpRequest() {
        tell(isFinal);
        return { result: "true", errorCode: 0 };
      },
    },
  });
  const finish = version === "1.2" ? "LMSFinish" : "Terminate";
  const begin = version === "1.2" ? "LMSInitialize" : "Initialize";
  const ends = api[finish].bind(api);
  api[finish] = (argument) => {
    isFinal = true;
    return ends(argument);
  };
  api.loadFromFlattenedJSON(data);
  if (running) api[begin]("");
  window[name] = api;
  window.addEventListener("pagehide", () => {
    if (!isFinal && api.isInitialized()) tell(false);
  });
  window.top.postMessage({ anxue: "package-ready", part }, platform);
})();
