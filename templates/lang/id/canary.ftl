# The canary: a test letter that walks the whole road every hour, and what the operator sees of it.
mail-canary-subject = Kenari
mail-canary-text = Email ini hanya memeriksa apakah email berjalan.
mail-canary-stop = Tidak perlu dibaca.
operator-canary = Surat uji terakhir
operator-canary-none = belum ada; satu berangkat setiap jam
operator-canary-alarm = Email mungkin tidak berjalan: sudah lebih dari dua jam tidak ada surat uji yang kembali. Lihat log, dan jalankan "merpati doctor".
operator-outbox-alarm = Email tidak berangkat: yang tertua sudah menunggu lebih dari satu jam. Lihat log, dan jalankan "merpati doctor".
