# Spectra over the trace: `gnuplot spectra-over-trace.gp` draws spectra-over-trace.svg.
reset
set encoding utf8
set terminal svg size 480,352 dynamic enhanced font 'sans-serif,16' name 'spectra_over_trace'
set output 'spectra-over-trace.svg'
ink = '#24292f'
set linetype 1 linecolor rgb '#0072b2' linewidth 2 pointtype 7 pointsize 0.6
set linetype 2 linecolor rgb '#d55e00' linewidth 2 pointtype 5 pointsize 0.6
set linetype 3 linecolor rgb '#009e73' linewidth 2 pointtype 9 pointsize 0.6
set linetype 4 linecolor rgb '#cc79a7' linewidth 2 pointtype 13 pointsize 0.6
set linetype 5 linecolor rgb '#56b4e9' linewidth 2 pointtype 11 pointsize 0.6
set linetype 6 linecolor rgb '#e69f00' linewidth 2 pointtype 4 pointsize 0.6
set linetype 10 linecolor rgb ink linewidth 1.5 pointtype 2 pointsize 0.6
set border 3 linecolor rgb ink
set tics nomirror out scale 0.6 textcolor rgb ink
set grid linecolor rgb '#dde1e5' linewidth 1 dashtype solid
set key textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set cblabel textcolor rgb ink
set lmargin at screen 0.1875
set rmargin at screen 0.9708
set bmargin at screen 0.1875
set tmargin at screen 0.8693
set xtics offset 0,0.3
set xlabel offset 0,0.6
set ylabel offset 1.2,0
set xlabel 'rank' noenhanced
set xrange [0.8183825295:183.2883702]
set logscale x
set format x '10^{%T}'
set ylabel 'eigenvalue over trace' noenhanced
set yrange [0.004606195636:0.009292930301]
set logscale y
set ytics ('0.005' 0.005, '0.006' 0.006, '0.007' 0.007, '0.008' 0.008, '0.009' 0.009)
set key tmargin center horizontal Left reverse samplen 2 height 0.8 maxcols 2
plot 'spectra-over-trace.tsv' index 0 using 1:2 with lines linetype 1 title 'run (1)' noenhanced, \
     'spectra-over-trace.tsv' index 1 using 1:2 with lines linetype 2 title 'run (2)' noenhanced
