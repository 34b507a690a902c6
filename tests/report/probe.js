// Looks at the page it stands in and tells the parent window, in one line, what it found.
const box = element => element.getBoundingClientRect();
const charts = [...document.querySelectorAll('svg[role=img]')];
const seen = mark => box(mark).width > 0 || box(mark).height > 0;
const bare = charts.filter(chart => ![...chart.querySelectorAll('.mark')].some(seen));
const beyond = document.documentElement.scrollWidth - innerWidth;

const texts = charts.map(chart => [...chart.querySelectorAll('text')].filter(text => text.textContent));
const cut = texts.flat().filter(text => box(text).left < -1 || box(text).right > innerWidth + 1);
const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
const overlapping = texts.flatMap(list => list.filter((text, i) =>
    list.slice(i + 1).some(other => meet(box(text), box(other)))));

// Contrast as WCAG 2 defines it.
const channels = color => color.match(/[\d.]+/g).slice(0, 3).map(c => c / 255);
const luminance = color => channels(color)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ground = luminance(getComputedStyle(document.body).backgroundColor);
const contrast = color => {
    const [low, high] = [luminance(color), ground].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
};
const pale = [...document.querySelectorAll('p,a,h1,h2,h3,h4,td,th,dt,dd,summary,svg text')].filter(element => {
    const style = getComputedStyle(element);
    return contrast(element.closest('svg') ? style.fill : style.color) < 4.5;
});

for (const element of [...bare, ...cut, ...overlapping, ...pale].slice(0, 8)) {
    parent.postMessage('wrong: ' + innerWidth + ' ' + element.outerHTML.slice(0, 160).replaceAll('<', '('), '*');
}
parent.postMessage('width=' + innerWidth + ' height=' + document.documentElement.scrollHeight +
    ' charts=' + charts.length + ' bare=' + bare.length + ' beyond=' + beyond + ' cut=' + cut.length +
    ' overlapping=' + overlapping.length + ' pale=' + pale.length, '*');
