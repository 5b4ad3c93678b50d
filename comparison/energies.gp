# Targets in the leading eigenvectors: `gnuplot energies.gp` draws energies.svg.
reset
set encoding utf8
set terminal svg size 480,352 dynamic enhanced font 'sans-serif,16' name 'energies'
set output 'energies.svg'
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
set xlabel 'leading eigenvectors' noenhanced
set xrange [0.9460576467:4.228072162]
set logscale x
set xtics ('1' 1, '1.2' 1.2, '1.5' 1.5, '2' 2, '2.5' 2.5, '3' 3, '4' 4)
set ylabel 'part of the targets (%)' noenhanced
set yrange [0:3.422271543]
set ytics ('0' 0, '0.5' 0.5, '1' 1, '1.5' 1.5, '2' 2, '2.5' 2.5, '3' 3)
set key tmargin center horizontal Left reverse samplen 2 height 0.8 maxcols 2
plot 'energies.tsv' index 0 using 1:2 with linespoints linetype 1 title 'run (1)' noenhanced, \
     'energies.tsv' index 1 using 1:2 with linespoints linetype 2 title 'run (2)' noenhanced
