layers-earlier = Tulisan sebelumnya, dikutip
layers-others = Bagian ini ditulis orang lain
layers-others-who = Bagian ini ditulis orang lain: { $who }
layers-others-who-when = Bagian ini ditulis orang lain: { $who }, { $when }
layers-hint = Lain kali kamu boleh menghitamkan atau menghapus nama orang lain.
