"""What people bring and take: uploads in (Excel, CSV), downloads out (CSV, Excel, XML, PDF)."""
