// Has the puzzle of this page solved beside the page, and sends the form with the solution.
const form = document.querySelector("[data-worker]");
const [solving, waiting] = ["[data-with-script]", "[data-without-script]"].map((one) => form.querySelector(one));

function show(isSolving) {
  solving.hidden = !isSolving;
  waiting.hidden = isSolving;
}

const worker = new Worker(form.dataset.worker);
worker.onmessage = ({ data }) => {
  form.elements.solution.value = data;
  form.submit();
};
worker.onerror = () => show(false);
worker.postMessage({ prefix: form.dataset.prefix, bits: Number(form.dataset.bits) });
show(true);
