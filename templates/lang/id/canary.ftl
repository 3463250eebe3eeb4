# The canary: a test letter that walks the whole road every hour, and what the operator sees of it.
mail-canary-subject = Kenari
mail-canary-text = Surel ini hanya memeriksa apakah surel berjalan.
mail-canary-stop = Tidak perlu dibaca.
operator-canary = Surat uji terakhir
operator-canary-none = belum ada; satu berangkat setiap jam
operator-canary-alarm = Surel mungkin tidak berjalan: sudah lebih dari dua jam tidak ada surat uji yang kembali. Lihat log, dan jalankan "merpati doctor".
operator-outbox-alarm = Surel tidak berangkat: yang tertua sudah menunggu lebih dari satu jam. Lihat log, dan jalankan "merpati doctor".
