// What is wrong with the places of things on a page of `purenn explain`, so many pixels wide: a list of sentences.
// What is wrong with the places of things on a page of `purenn explain`: a list of sentences, empty where nothing is.
WIDTH => {
  const SMALLEST = 9;  // pixels of a font that can be read
  const wrong = [], all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const inSight = e => e.getClientRects().length > 0;
  const name = e => (e.getAttribute("class") || e.tagName) + " " + (e.textContent || "").replace(/\s+/g, " ").trim().slice(0, 30);

  // ---- corners on the screen, and whether two figures of four corners have a point in common

  const corners = (e, by) => {
    const b = e.getBBox(), m = e.getScreenCTM(), dy = (by || 0) * b.height;
    const at = (x, y) => ({x: m.a * x + m.c * y + m.e, y: m.b * x + m.d * y + m.f});
    const [top, bottom] = [b.y + dy, b.y + b.height - dy];
    return [at(b.x, top), at(b.x + b.width, top), at(b.x + b.width, bottom), at(b.x, bottom)];
  };
  const separates = (a, b) => a.some((p, k) => {
    const q = a[(k + 1) % 4], nx = q.y - p.y, ny = p.x - q.x;
    const sides = f => f.map(c => (c.x - p.x) * nx + (c.y - p.y) * ny);
    const own = sides(a), other = sides(b), slack = 0.5 * Math.hypot(nx, ny);
    return Math.min(...other) > Math.max(...own) - slack || Math.max(...other) < Math.min(...own) + slack;
  });
  const meet = (a, b) => !separates(a, b) && !separates(b, a);
  const holds = (box, p, slack) => {
    const sign = box.map((c, k) => {
      const d = box[(k + 1) % 4], l = Math.hypot(d.x - c.x, d.y - c.y) || 1;
      return ((d.x - c.x) * (p.y - c.y) - (d.y - c.y) * (p.x - c.x)) / l;
    });
    return sign.every(s => s >= -slack) || sign.every(s => s <= slack);
  };
  const points = path => {
    const m = path.getScreenCTM(), found = [], length = path.getTotalLength(), count = Math.ceil(length / 1.5);
    for (let k = 0; k <= count; k++) {
      const p = path.getPointAtLength(length * k / count);
      found.push({x: m.a * p.x + m.c * p.y + m.e, y: m.b * p.x + m.d * p.y + m.f});
    }
    return found;
  };

  // ---- labels of the diagrams

  let labels = 0;
  for (const svg of all("svg.network").filter(inSight)) {
    const frame = svg.getBoundingClientRect();
    if (frame.left < -0.5 || frame.right > WIDTH + 0.5) wrong.push("the picture is cut: " + name(svg));
    const texts = all("text", svg).map(e => ({e, box: corners(e, 0.12)}));
    const shapes = all("rect:not(.paper), circle, image", svg).map(e => ({e, box: corners(e)}));
    const lines = all("path", svg).map(e => ({e, points: points(e)}));
    labels += texts.length;
    for (const {e, box} of texts) {
      if (e.getBBox().width === 0) continue;
      const m = e.getScreenCTM(), high = Math.hypot(m.a, m.b) * parseFloat(getComputedStyle(e).fontSize);
      if (high < SMALLEST) wrong.push("a label is too small, " + high + ": " + name(e));
      if (box.some(p => p.x < frame.left - 0.5 || p.x > frame.right + 0.5 || p.y < frame.top - 0.5 || p.y > frame.bottom + 0.5))
        wrong.push("a label is outside: " + name(e));
      for (const other of texts) if (other.e !== e && meet(box, other.box)) wrong.push("labels meet: " + name(e) + " and " + name(other.e));
      for (const shape of shapes) {
        const isBelow = shape.e.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING;
        const isInside = box.every(p => holds(shape.box, p, 1));
        if (meet(box, shape.box) && !(isBelow && isInside)) wrong.push("a label is cut: " + name(e) + " by " + name(shape.e));
      }
      const weight = e.closest(".weight"), ground = weight && weight.querySelector("rect");
      const middle = ground && corners(ground).reduce((sum, p) => ({x: sum.x + p.x / 4, y: sum.y + p.y / 4}), {x: 0, y: 0});
      let own = 0;
      for (const line of lines) {
        const through = middle && line.points.some(p => Math.hypot(p.x - middle.x, p.y - middle.y) < 1.5);
        if (through && line.e.dataset.to === weight.dataset.to) {
          own += 1;
          if (line.e.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING) wrong.push("a label is under its line: " + name(e));
        } else if (line.points.some(p => holds(ground ? corners(ground) : box, p, 0)))
          wrong.push("a line goes through a label: " + name(e));
      }
      if (weight && own !== 1) wrong.push("a label is on " + own + " lines of its own: " + name(e));
    }
  }

  // ---- everything else

  if (document.documentElement.scrollWidth > WIDTH) wrong.push("the page is wider than the window");
  const onPaper = matchMedia("print").matches;
  for (const e of all("body *").filter(inSight)) {
    const box = e.getBoundingClientRect(), scroll = e.closest(".scroll, .sum");
    if (!e.closest("svg, .skip") && (onPaper || !scroll || scroll === e) && (box.right > WIDTH + 0.5 || box.left < -0.5))
      wrong.push("beside the window: " + name(e));
    const style = getComputedStyle(e);
    if (style.overflowY !== "visible" && style.display !== "inline" && !e.closest("svg, math") && e.scrollHeight > e.clientHeight)
      wrong.push("higher than its box: " + name(e));
    if (style.overflowX === "auto" && style.overflowY !== "hidden") wrong.push("it could have a stray scrollbar: " + name(e));
  }
  return {wrong, labels};
}
