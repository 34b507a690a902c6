// SPDX-License-Identifier: MIT
#include "style.hpp"

namespace funnel::report::html {

// One accent for what is measured, a pale tint of it for what is lost or uncertain, ink and grey for the
// rest: nothing depends on telling two hues apart. Texts on their ground reach a contrast of 4.5 at least.
std::string_view style_sheet() noexcept {
    return R"css(
:root{color-scheme:light dark;--page:#fff;--ink:#191c20;--grey:#59626c;--line:#dfe3e7;--soft:#f4f6f8;
--accent:#0b63a5;--tint:#bcd7ee;--whisker:#191c20}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e9ecef;--grey:#9ea8b3;--line:#31373f;--soft:#1d2127;
--accent:#62b0ee;--tint:#27506f;--whisker:#f4f6f8}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
.wrap{max-width:1080px;margin:0 auto;padding:0 20px}
.skip{position:absolute;left:-999em}
.skip:focus{left:20px;top:8px;background:var(--page);padding:8px}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:2px}
header.wrap{padding-top:44px;padding-bottom:10px}
h1{font-size:34px;line-height:1.15;letter-spacing:-.02em;margin:0}
header p{margin:8px 0 0;color:var(--grey)}
nav{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--line)}
nav ul{display:flex;gap:4px 22px;list-style:none;margin:0 auto;padding:10px 20px;max-width:1080px;overflow-x:auto;
white-space:nowrap;font-size:14px}
nav a{text-decoration:none;color:var(--grey);padding:4px 0;display:inline-block}
nav a:hover{color:var(--accent);text-decoration:underline}
section{padding:40px 0 0;scroll-margin-top:36px}
section+section{border-top:1px solid var(--line);margin-top:40px}
h2{font-size:25px;line-height:1.25;letter-spacing:-.01em;margin:0 0 14px}
h3{font-size:17px;line-height:1.35;margin:0 0 4px}
h4{font-size:15px;line-height:1.35;margin:0}
p{margin:0 0 12px;max-width:70ch}
.lead{font-size:19px;line-height:1.5}
.small,.sub,.axes,.meaning{font-size:13px;line-height:1.45;color:var(--grey)}
.notice{font-size:14px}
.cards{display:grid;grid-template-columns:repeat(3,1fr);gap:0 36px;margin-top:28px}
.card{border-top:2px solid var(--ink);padding:10px 0 26px}
.card h3{font-size:14px;font-weight:600;margin:0}
.card p{margin:0 0 3px}
.big{font-size:36px;font-weight:650;letter-spacing:-.02em;line-height:1.2}
.delta{font-size:14px;font-weight:600}
.delta .sub{font-weight:400}
.card .meaning{margin-top:6px}
figure{margin:0 0 40px;min-width:0}
figure:last-child{margin-bottom:0}
figcaption{margin-bottom:18px}
figcaption p{font-size:14px;color:var(--grey);margin:2px 0 0}
.charts{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:30px 40px;margin-bottom:18px}
.charts.four{grid-template-columns:repeat(2,minmax(0,1fr))}
.charts.lone{grid-template-columns:minmax(0,700px)}
section>p+.charts,section>p+figure,.scroll+figure{margin-top:28px}
.chart .sub,.chart .axes{margin:0}
.plot{padding:16px 6px 28px 50px}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:20px 56px;align-items:start}
.aside{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:20px 56px;margin-bottom:14px}
svg{display:block;overflow:visible}
svg svg{overflow:hidden}
svg text{font-size:12px;fill:var(--grey)}
svg .label{font-size:14px;font-weight:600;fill:var(--ink)}
svg .value{font-size:14px;fill:var(--ink)}
svg .halo{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.rows{margin-bottom:16px}
.mark{fill:var(--accent)}
.line,.reference{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round;stroke-linecap:round;
vector-effect:non-scaling-stroke}
.reference{stroke:var(--grey);stroke-width:1;stroke-dasharray:4 4}
.line.second{stroke-dasharray:6 5;stroke:var(--ink)}
.band,.loss{fill:var(--tint)}
.band{opacity:.65}
.track{fill:var(--soft)}
.hint{fill:transparent}
.hint:hover{fill:var(--grey);fill-opacity:.16}
.whisker{stroke:var(--whisker);stroke-width:1.5}
.grid{stroke:var(--line)}
.axis{stroke:var(--grey)}
details{font-size:14px;margin-top:4px}
summary{cursor:pointer;color:var(--accent);padding:4px 0;width:fit-content}
.scroll{overflow-x:auto;margin:8px 0 12px}
table{border-collapse:collapse;font-size:14px;line-height:1.4;min-width:min(100%,320px)}
caption{position:absolute;left:-999em}
th,td{text-align:left;vertical-align:top;padding:6px 18px 6px 0;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--grey);font-size:13px;vertical-align:bottom}
tbody th{font-weight:600}
.n{text-align:right;white-space:nowrap}
.metrics code{display:block;font-size:12px;font-weight:400;color:var(--grey)}
td:not(.n){min-width:240px}
td p{margin:0}
bdi{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;font-size:14px;margin:0 0 24px}
dt{font-weight:600}
dd{margin:0;color:var(--grey)}
.aside dl{display:block;margin:0}
.aside dd{margin:0 0 14px}
.warnings{margin:0 0 24px;padding-left:18px;max-width:75ch}
footer{border-top:1px solid var(--line);margin-top:48px;padding:18px 0 40px;color:var(--grey);font-size:13px}
@media (max-width:860px){.cards,.charts{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (max-width:620px){.wrap{padding:0 18px}header.wrap{padding-top:28px}h1{font-size:28px}.lead{font-size:17px}
.cards,.charts,.charts.four,.pair,.aside{grid-template-columns:minmax(0,1fr)}.pair,.aside{gap:8px}
.card{padding-bottom:18px}dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:8px}
nav ul{padding:8px 18px}section{padding-top:32px}
.metrics thead{position:absolute;left:-999em}.metrics tr{display:grid;grid-template-columns:1fr auto;gap:0 12px;
padding:10px 0;border-bottom:1px solid var(--line)}.metrics th,.metrics td{border:0;padding:0}
.metrics .n{font-size:13px;color:var(--grey)}.metrics th+.n{font-size:16px;color:var(--ink)}
.metrics td:not(.n){min-width:0}.metrics .n:empty{display:none}.metrics td:nth-child(n+3){grid-column:1/-1;text-align:left}}
@page{margin:15mm}
@media print{body{font-size:10pt}nav,.skip,summary{display:none}.wrap,header.wrap{padding:0 4px}a{color:inherit;text-decoration:none}
h1{font-size:26px}.lead{font-size:15px}.big{font-size:28px}p{max-width:none}figure{margin-bottom:28px}
section{padding-top:28px}section+section{border:0;margin:0;padding:0;break-before:page}
#repeat,#data{break-before:auto!important;padding-top:28px!important}
figure,.card,.chart,tr,li{break-inside:avoid}h2,h3,figcaption{break-after:avoid}
.cards,.charts{grid-template-columns:repeat(3,minmax(0,1fr));gap:18px 26px}.cards{gap:0 26px}
.charts.four,.pair{grid-template-columns:repeat(2,minmax(0,1fr))}.charts.lone{grid-template-columns:minmax(0,1fr)}
table{font-size:8.5pt}th,td{padding:3px 14px 3px 0}td:not(.n){min-width:0}.plot text{font-size:9px}}
)css";
}

}  // namespace funnel::report::html
