module reach

go 1.24
