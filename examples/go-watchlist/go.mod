module watchlist

go 1.24
