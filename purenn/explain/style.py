"""The style of the page: light and dark, wide and narrow, on screen and on paper."""

STYLE = """
:root{color-scheme:light dark;--ground:#fff;--text:#1a1a1a;--quiet:#555;--line:#d4d4d8;--panel:#f5f6f8;
--accent:#1d4ed8;--broken:#b91c1c}
@media screen and (prefers-color-scheme:dark){:root{--ground:#15181d;--text:#eaeaea;--quiet:#b4b4b4;--line:#3f444d;
--panel:#1e232a;--accent:#93b4ff;--broken:#fca5a5}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--ground);color:var(--text);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.5rem;margin:.2rem 0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line);overflow-wrap:anywhere}
h3{font-size:1rem;margin:.2rem 0 .5rem}
p{margin:.4rem 0;overflow-wrap:anywhere}
small,.quiet,figcaption,caption small{color:var(--quiet);font-weight:400}
a{color:var(--accent)}
math{font-size:1.1em}
.matrix,math .matrix{font-weight:700}
figure{margin:1rem 0}
.equation{margin:.4rem 0 0}
.scroll{overflow-x:auto;overflow-y:hidden;max-width:100%;padding:.35rem 2px}
.scroll.equation,.softmax>.scroll{padding:.75rem 2px}
.network{display:block;height:auto;max-width:100%}
.pictures{display:flex;flex-wrap:wrap;align-items:center;gap:1rem 1.5rem}
.both .piece{display:none}
@media (max-width:66rem){.both .whole{display:none}.both .piece{display:block}}
.plot{display:block;width:100%;max-width:30rem;height:auto}
.row{display:flex;flex-wrap:wrap;gap:1rem 1.6rem;align-items:flex-start}
.row>*{max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
table.matrix{font-weight:400;font-size:.86rem;border:solid var(--text);border-width:0 2px;border-radius:6px}
table.matrix caption{font-weight:700;text-align:left;white-space:nowrap;font-size:1rem}
table.matrix td{padding:.1rem .5rem;text-align:right;white-space:nowrap}
table.matrix td.gap{text-align:center;color:var(--quiet)}
.terms td,.terms th,.answers td,.softmax td,.softmax th{padding:.1rem .6rem;text-align:right;white-space:nowrap}
.terms td:first-child,.answers td:first-child,.softmax th:first-child,.softmax td:first-child{text-align:left}
.answers td:first-child{white-space:normal;overflow-wrap:anywhere;max-width:20rem}
.terms tr.total td{border-top:1px solid var(--text);font-weight:700}
.answers tr.best{font-weight:700}
.bar{width:9rem}
.bar i{display:block;height:.8rem;min-width:1px}
.bar .pos{background:#2563eb}.bar .neg{background:#d9480f;margin-left:0;
background-image:repeating-linear-gradient(45deg,transparent 0 3px,rgba(255,255,255,.45) 3px 5px)}
#sums{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;margin:.6rem 0}
.sum{display:none;overflow-x:auto;overflow-y:hidden;padding:.35rem 0}.sum:target,.sum.chosen{display:block}
.heat,.pixels{image-rendering:pixelated;image-rendering:crisp-edges;border:1px solid var(--line);max-width:100%}
.heat.tiles{width:100%;max-width:46rem;height:auto}
.heat.maps{height:auto}
.heat.term{width:10.5rem;height:10.5rem}
.softmax .live{display:none}.softmax.alive .live{display:block}
.softmax input[type=range]{width:100%;max-width:40rem;accent-color:var(--accent)}
.softmax button{font:inherit;margin:.2rem .4rem .2rem 0;padding:.25rem .7rem;
border:1px solid var(--line);border-radius:6px;
background:var(--panel);color:var(--text);
cursor:pointer}
.softmax td,.softmax th{padding:.1rem .4rem}
.softmax th{border-bottom:1px solid var(--text);font-weight:600}
.softmax tfoot td{border-top:1px solid var(--text)}
.softmax table{font-size:.86rem}.softmax td{min-width:6.3rem}
.softmax td:first-child{min-width:3rem;max-width:14rem;overflow:hidden;text-overflow:ellipsis}
.broken{color:var(--broken);font-weight:700}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.neuron:focus-visible{outline:none}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
@media (max-width:40rem){body{padding:.7rem;font-size:15px}.bar{width:4.5rem}
.terms td,.terms th,.softmax td,.softmax th{padding:.1rem .35rem}.softmax td{min-width:6.4rem}
.softmax td:first-child{min-width:2rem;max-width:6rem}.softmax .shifted{display:none}
.terms{font-size:.75rem}.terms td{padding:.1rem .25rem}.terms .bar{display:none}math{font-size:1em}}
@media print{:root{--ground:#fff;--text:#000}body{max-width:none;padding:0;font-size:10.5pt}
.softmax .live,.skip,.hint{display:none!important}
section+section,table,svg,figcaption,.plot,#sums,.sum{break-inside:avoid}h2,h3,.equation{break-after:avoid}
.pictures{gap:.6rem}.piece{max-width:48.5%}
.softmax table{font-size:.6rem}.softmax td{min-width:0}.softmax th{white-space:normal}
.sum,.scroll{overflow:visible}mfrac>mrow{font-size:.7em}
table.matrix{font-size:min(.86rem,calc(94px/var(--cols)))}
table.matrix td{padding:.1rem .25em;white-space:normal;overflow-wrap:anywhere}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
