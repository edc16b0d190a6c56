
// Beside a run that goes on: asks whether there is more, and shows it in place. What is chosen and
// open is in the address, and stays.

const EVERY_MS = 1000;

function renew(page) {
  const main = document.querySelector("main");
  const kept = document.getElementById("scenarios").closest("section");
  const open = new Set([...main.querySelectorAll("details[open] > summary")].map(s => s.textContent.replace(/ \(\d+\)$/, "")));
  const fresh = page.getElementById("scenarios").closest("section");
  kept.querySelector(".legend").replaceWith(fresh.querySelector(".legend"));
  const parts = [...page.querySelector("main").children];
  const place = parts.indexOf(fresh);
  for (const part of [...main.children]) if (part !== kept) part.remove();
  kept.before(...parts.slice(0, place));
  kept.after(...parts.slice(place + 1));
  for (const summary of main.querySelectorAll("details > summary")) {
    if (open.has(summary.textContent.replace(/ \(\d+\)$/, ""))) summary.parentNode.open = true;
  }
  document.querySelector("header").replaceWith(page.querySelector("header"));
}

async function watch() {
  let shown = document.documentElement.dataset.live;
  for (;;) {
    await new Promise(done => setTimeout(done, EVERY_MS));
    try {
      const version = await (await fetch("version", { cache: "no-store" })).text();
      if (version === shown) continue;
      const text = await (await fetch("./", { cache: "no-store" })).text();
      const page = new DOMParser().parseFromString(text, "text/html");
      const data = await unpack(page.getElementById("data").textContent);
      renew(page);
      window.report.update(data);
      shown = page.documentElement.dataset.live;
    } catch {
      document.getElementById("live").textContent = "Nobody answers any more: what is shown here is what there was last.";
    }
  }
}
