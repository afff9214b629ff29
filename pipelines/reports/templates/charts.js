(function () {
  "use strict";
  var PRINT_WIDTH = 680;
  var boxes = Array.prototype.slice.call(document.querySelectorAll(".chart"));
  var touch = window.matchMedia("(pointer: coarse)").matches;
  boxes.forEach(function (box) {
    var figure = JSON.parse(document.getElementById(box.id + "-data").textContent);
    if (touch) { figure.layout.dragmode = false; }
    Plotly.newPlot(box, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: false });
  });
  document.querySelectorAll(".legend button").forEach(function (button) {
    button.addEventListener("click", function () {
      var on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      Plotly.restyle(button.dataset.chart, { visible: on }, JSON.parse(button.dataset.traces));
    });
  });
  window.addEventListener("beforeprint", function () {
    boxes.forEach(function (box) { Plotly.relayout(box, { width: PRINT_WIDTH, autosize: false }); });
  });
  window.addEventListener("afterprint", function () {
    boxes.forEach(function (box) { Plotly.relayout(box, { width: null, autosize: true }); });
  });
})();
