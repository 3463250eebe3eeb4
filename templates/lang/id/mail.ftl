# Email yang keluar. Bisa terbaca siapa saja yang mengintip: tanpa nama, meja, nomor, atau kata yang menunjukkan rumah apa
# ini. Huruf polos, baris paling panjang 72.
mail-notification-subject = Ada pesan baru untukmu
mail-notification-text =
    Ada pesan baru untukmu. Untuk membacanya, buka halaman ini lalu masuk:
mail-notification-stop =
    Email ini dikirim oleh mesin; balasannya tidak dibaca siapa pun. Untuk
    berhenti menerima email seperti ini, masuk lalu pilih "Jangan pernah"
    di halaman ini:
mail-confirmation-subject = Konfirmasi alamat ini
mail-confirmation-text =
    Alamat ini didaftarkan untuk menerima kabar tentang pesan baru. Kamu
    yang mendaftarkannya? Buka halaman ini dalam tiga hari:
mail-confirmation-stop =
    Kalau bukan kamu, abaikan saja; tidak akan ada email lain ke sini.
    Email ini dikirim oleh mesin; balasannya tidak dibaca siapa pun. Kamu
    bisa berubah pikiran kapan saja di halaman ini:
